import { IsEmail, IsPhoneNumber, IsString, Length } from 'class-validator'

/** Body of POST /users. */
export class Register {
  @IsString()
  @Length(1, 100)
  name: string

  @IsEmail()
  email: string

  @IsPhoneNumber()
  phone: string
}
